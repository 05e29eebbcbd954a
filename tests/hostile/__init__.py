"""The battery: servers and recordings that misbehave on purpose, and what runs the commands against them."""
