"""The networks as ONNX models, and ONNX Runtime as an engine that runs them."""
