"""Untrusted bytes are parsed here: by disposable child processes, behind walls that they raise around themselves."""
