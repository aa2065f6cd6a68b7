"""What is done in response to a threat: actions, written down and handed to executors."""
