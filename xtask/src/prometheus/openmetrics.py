"""Reads an OpenMetrics page as strictly as Prometheus' own client does, and tells the names of all circuits."""

import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

families = list(text_string_to_metric_families(sys.stdin.buffer.read().decode()))
circuits = {sample.labels["circuit"] for family in families for sample in family.samples if "circuit" in sample.labels}
print(len(families), "families")
print("\n".join(sorted(circuits)))
