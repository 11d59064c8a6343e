"""What the function does, apart from HTTP."""


async def greeting(name: str | None) -> str:
    """Greet `name`, or the world if it is empty, blank or None.

    What takes time is awaited here: other requests are answered meanwhile, and by nothing else.
    """
    return f"Hello, {(name or '').strip() or 'World'}!"
