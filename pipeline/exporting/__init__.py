"""Networks for programs that are not ours: ONNX models that say what they take and give."""
