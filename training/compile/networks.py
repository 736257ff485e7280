"""Compile neural networks: sklearn/neural_network."""

from typing import Any

from function.model.dtypes import FLOAT32
from training.compile.answers import answer_labels, answer_values
from training.compile.blocks import Answer, Block, NotCompiled, read_classes
from training.compile.curves import LARGEST, make_sigmoid_of_each, pair_shares, widen
from training.compile.program import Program
from training.compile.reduction import multiply
from training.compile.scaling import prepare, round_open, round_singles


def compile_network_regressor(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile an MLPRegressor."""
    made = _activate(program, _compute_layers(program, estimator, block), estimator.out_activation_)
    return answer_values(program, made)


def compile_network_classifier(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile an MLPClassifier: softmax of several classes, a sigmoid of two, or of each label."""
    raw = _compute_layers(program, estimator, block)
    if estimator.out_activation_ == "softmax":
        shares = program.make_softmax(raw)
        return Answer(None, read_classes(estimator), program.make_argmax(shares), shares)
    shares = make_sigmoid_of_each(program, raw)
    labels = program.compare(shares, 0.5)
    if raw.width > 1:
        return answer_labels(program, labels, shares)
    return Answer(None, read_classes(estimator), labels, pair_shares(program, shares))


def compile_boltzmann(program: Program, machine: Any, block: Block) -> Block:
    """Compile a BernoulliRBM: the probabilities of its hidden units."""
    made = multiply(program, prepare(program, block, nan=True), machine.components_.T, machine.intercept_hidden_)
    return round_singles(program, program.make_logistic(made, 1.0)._replace(columns=made.columns))


def _compute_layers(program: Program, estimator: Any, block: Block) -> Block:
    """Compute what the last layer adds up. Where all is of float32, that is rounded to it."""
    block = prepare(program, block, nan=True)
    is_single = block.dtype == FLOAT32 == estimator.coefs_[0].dtype.name
    made = widen(block)
    for place, (weights, starts) in enumerate(zip(estimator.coefs_, estimator.intercepts_, strict=True)):
        made = _activate(program, made, estimator.activation) if place else made
        made = program.multiply_matrix(made, weights, starts)
    single = tuple(column._replace(dtype=FLOAT32) for column in made.columns)
    return round_open(program, made._replace(columns=single)) if is_single else made


def _activate(program: Program, block: Block, activation: str) -> Block:
    match activation:
        case "identity":
            return block
        case "relu":
            return program.clip(block, 0.0, LARGEST)
        case "logistic":
            return program.make_logistic(block, 1.0)
        case "tanh" | "exp":
            return program.apply(block, activation)
    raise NotCompiled(f"its activation {activation!r} is not known")
