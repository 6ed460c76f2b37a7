"""One module per revision, in order of number."""
