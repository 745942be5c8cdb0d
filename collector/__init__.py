"""The room that looks: fetches what offices publish, reads it into posts, and hands them to the archive."""
