# The Lambda image. Works with Docker's classic builder, which `sam build` uses: no RUN --mount.
# Every layer of it rests on the one above: libraries, then the model, then the code.
ARG PYTHON_IMAGE=python:3.13-slim-bookworm

# What Lambda imports, compiled. Lambda's file system is read-only: bytecode that is missing, or that looks stale because
# a file's time was changed on the way, is compiled again at every cold start. unchecked-hash looks at no time.
FROM ${PYTHON_IMAGE} AS libraries
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
COPY function/requirements.txt /build/
RUN python -m pip install --quiet --require-hashes --only-binary=:all: --no-compile --target /opt/libraries \
      --requirement /build/requirements.txt \
 # Libraries' own tests are never run here. numpy's stay: numpy.testing imports some of them.
 && find /opt/libraries -type d -name tests -not -path '*/numpy/*' -prune -exec rm -rf {} + \
 && rm -rf /opt/libraries/bin \
 && python -B -m compileall -qf --invalidation-mode unchecked-hash /opt/libraries

# The bundle of model/ or, where there is none, the example. [l] makes the folder optional.
FROM libraries AS bundle
WORKDIR /build
ENV PYTHONPATH=/opt/libraries
COPY training ./training
COPY function ./function
COPY pyproject.toml mode[l] ./model/
RUN rm model/pyproject.toml \
 && if [ -e model/manifest.json ]; then echo "taking the bundle in model/"; \
    else rmdir model && python -m training --out model; fi

FROM ${PYTHON_IMAGE} AS runtime
RUN python -B -m compileall -qf --invalidation-mode unchecked-hash "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
COPY --from=libraries /opt/libraries /opt/libraries
WORKDIR /var/task
COPY --from=bundle /build/model ./model
COPY function ./function
RUN python -B -m compileall -qf --invalidation-mode unchecked-hash function
ENV PYTHONPATH=/opt/libraries \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    # For `serve`: a container listens for those outside of it.
    HOST=0.0.0.0 \
    # Lambda has no /dev/shm, where joblib would look for semaphores.
    JOBLIB_MULTIPROCESSING=0 \
    # One request at a time: threads would only be started, and wait.
    OMP_NUM_THREADS=1 \
    OPENBLAS_NUM_THREADS=1
# As in Lambda, which runs every image, whatever USER says, under a user of its own that has no name. `sam local` adds its
# emulator to the image as the image's user: template.yaml sets root for that.
ARG RUN_AS=993:990
USER ${RUN_AS}
# A bundle that does not load and predict here, with these libraries, never becomes an image.
RUN ["python", "-m", "function", "verify"]
# awslambdaric where Lambda's runtime API is, else the command line: predict, serve, verify.
ENTRYPOINT ["python", "-m", "function"]
