"""The pages, used in real browsers as a person uses them."""
