"""The clouds' side of a test: moto's S3 and SQS behind a proxy of faults, the function, and what invokes it."""
