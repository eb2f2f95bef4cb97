"""Programs that the host lacks, fetched by the host's own package manager into private folders."""
