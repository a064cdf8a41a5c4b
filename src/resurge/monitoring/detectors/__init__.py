"""Pure rules: measurements in, anomalies out."""
