"""The protocols of other model servers' clients: Open Inference, MLflow and SageMaker."""
