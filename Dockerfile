# The service; with other words behind the image, any other command of digitstring.
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY segmenter segmenter
COPY classifier classifier
COPY pipeline pipeline
RUN python -m venv /opt/digitstring \
    && /opt/digitstring/bin/pip install --no-cache-dir '.[service,pdf,heic,cluster]' 's3fs>=2024.2'

FROM python:3.13-slim
# What the service keeps (the review file, where it is asked for one) lies in a volume that its user owns.
RUN useradd --system --uid 10001 --no-create-home reader \
    && install --directory --owner=10001 --mode=0700 /var/lib/digitstring
COPY --from=build /opt/digitstring /opt/digitstring
ENV PATH=/opt/digitstring/bin:$PATH PYTHONUNBUFFERED=1
USER 10001
WORKDIR /var/lib/digitstring
VOLUME /var/lib/digitstring
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/v1/ready', timeout=4)"]
ENTRYPOINT ["digitstring"]
CMD ["serve", "--host", "0.0.0.0"]
