"""The words of the field as frozen values: no input, no output, no clock of their own."""
