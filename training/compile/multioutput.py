"""Compile estimators that have one for each target: sklearn/multioutput.py."""

from typing import Any

from training.compile.answers import answer_targets
from training.compile.blocks import Answer, Block
from training.compile.calibration import choose_response
from training.compile.curves import pair_shares, widen
from training.compile.ensembles import get_value, name_classes
from training.compile.program import Program
from training.compile.scaling import prepare


def compile_each(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a MultiOutputRegressor or MultiOutputClassifier."""
    return answer_targets([program.predict(member, block) for member in estimator.estimators_])


def compile_chain(program: Program, estimator: Any, block: Block) -> Answer:
    """Compile a RegressorChain or ClassifierChain: each member also takes what those before it predict."""
    method = getattr(estimator, "chain_method_", "predict")
    known = widen(prepare(program, block, nan=True))
    made: dict[int, Answer] = {}
    for target, member in zip(estimator.order_, estimator.estimators_, strict=True):
        answer = program.predict(member, known)
        known = program.join([known, widen(_respond(program, member, answer, method))])
        if answer.probabilities is not None:  # of two classes, scikit-learn tells that of the second one alone
            answer = answer._replace(probabilities=pair_shares(program, program.take(answer.probabilities, [1])))
        made[int(target)] = answer
    return answer_targets([made[target] for target in range(len(made))])


def _respond(program: Program, member: Any, answer: Answer, method: str) -> Block:
    """Make the column that the members after this one take."""
    if method == "predict":
        return name_classes(program, answer) if answer.classes else get_value(answer)
    _, block = choose_response(member, answer, (method,))
    return program.take(block, [1]) if method == "predict_proba" else block
