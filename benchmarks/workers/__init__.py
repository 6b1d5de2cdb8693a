"""One program per tool: reads requests as JSON lines, answers likewise."""
