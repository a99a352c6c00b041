"""How mail is handed to a server: its addresses, the conversation, and what the answers mean."""
