# The article's image: a slim base, its libraries at the versions that this project locks, the script and the model.
FROM python:3.13-slim-bookworm
WORKDIR /var/task
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY article.py .
COPY model ./model
ENV ESTIMATOR=model/model.joblib
CMD ["python", "-m", "awslambdaric", "article.handler"]
