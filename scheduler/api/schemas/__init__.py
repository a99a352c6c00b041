"""What the API takes and answers, as pydantic models: strict, and unknown fields are refused."""
