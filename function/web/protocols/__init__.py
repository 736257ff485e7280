"""The protocols of serving clients: Open Inference, MLflow and SageMaker."""
