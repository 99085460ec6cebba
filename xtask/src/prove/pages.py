"""Reads all OpenMetrics pages of a folder as strictly as Prometheus' own client does, and tells how much was in them."""

import pathlib
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

pages = samples = 0
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    try:
        families = list(text_string_to_metric_families(path.read_bytes().decode()))
    except ValueError as error:
        sys.exit(f"{path}: {error}")
    pages += 1
    samples += sum(len(family.samples) for family in families)
print(pages, "pages with", samples, "samples")
