"""Pure economics: values and `now` in, values out."""
