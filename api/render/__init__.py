"""What the pages show, made from the API's forms: plain functions, no request and no database."""
