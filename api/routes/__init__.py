"""One file a resource, each with a `router`; found by scan, so a new resource is a new file."""
