"""What a model takes and answers: the contract of its inputs, its manifest and the predictions."""
