"""One file a page, each with a `router`; templates and static files lie beside them."""
