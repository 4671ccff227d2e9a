"""Fine-tuning that really learns, so that what a job shows follows from the bytes it was given."""
