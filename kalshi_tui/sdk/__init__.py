"""What a plugin's author imports; promises nothing about the engine's inside."""
