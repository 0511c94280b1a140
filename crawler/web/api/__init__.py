"""The archive as JSON for other programs, with shapes that stay, described by an OpenAPI document."""
