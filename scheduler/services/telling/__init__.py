"""Who is told, and by which way: messages planned as rows, and planned anew where a way is closed."""
