"""The services that are called, not managed: inference, files, fine-tuning, and OpenAI's organisation API."""
