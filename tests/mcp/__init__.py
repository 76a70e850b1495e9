"""The MCP server, as an assistant meets it: the SDK's own client, our API on a real socket."""
