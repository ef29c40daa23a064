"""What an envelope says inside."""
