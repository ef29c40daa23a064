"""What the service answers, a module for each kind of thing: handlers and the addresses they stand under."""
