package dev.azimuth.benchmarks;

import dev.azimuth.autograd.Gradients;
import dev.azimuth.nn.Context;
import dev.azimuth.nn.Parameters;
import dev.azimuth.nn.optim.AdamW;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** A workload on a backend of ours, with operands that follow from their names. */
final class OurSide {
  /** What a training step's optimizer does, on either side. */
  static final AdamW.Settings ADAMW = AdamW.Settings.of(1e-5).withWeightDecay(0.01);

  private static final long DY_SEED = 7;

  private final Workload workload;
  private final Map<String, Tensor> operands;
  private final Supplier<Tensor> body;
  private final float[] dyValues;
  private final Tensor dy;
  private final AdamW optimizer;

  OurSide(Workload workload, Backend backend) {
    this(workload, backend, DType.FLOAT32);
  }

  OurSide(Workload workload, Backend backend, DType dtype) {
    this.workload = workload;
    Traced traced = Traced.forward(workload.network(), Context.Tokens::new);
    Operands source = new Operands(traced.shapes());
    Parameters p =
        workload.pass() == Workload.Pass.FORWARD
            ? Parameters.stored(backend, dtype, source)
            : Parameters.trainable(backend, dtype, source);
    this.body = workload.network().on(p, OurSide::folded);
    this.operands = p.tensors();
    int size = traced.result().shape().size();
    this.dyValues = size == 1 ? new float[] {1} : Operands.uniform(size, DY_SEED);
    this.dy = Tensor.of(backend, dtype, traced.result().shape(), widened(dyValues));
    this.optimizer = new AdamW(ADAMW, List.of(AdamW.Group.of(operands)));
  }

  private static double[] widened(float[] values) {
    double[] wide = new double[values.length];
    Arrays.setAll(wide, i -> values[i]);
    return wide;
  }

  /** One token is folded; more are attended to. */
  private static Context folded(Tensor c) {
    return c.shape().dim(1) == 1 ? new Context.SingleToken(c) : new Context.Tokens(c);
  }

  /** One call: the result, its gradients, or a step with them. */
  Object run() {
    Tensor y = result();
    return switch (workload.pass()) {
      case FORWARD -> y;
      case BACKWARD -> gradients(y);
      case TRAINING -> {
        optimizer.step(gradients(y), 1);
        yield y;
      }
    };
  }

  Tensor result() {
    return body.get();
  }

  /** The gradients of a {@link #result}, given {@link #dyValues}. */
  Gradients gradients(Tensor y) {
    return Gradients.of(y, dy);
  }

  /** The result's gradient. */
  float[] dyValues() {
    return dyValues;
  }

  /** What it computes with, by name. */
  Map<String, Tensor> operands() {
    return operands;
  }

  /** The operand of that name. */
  Tensor operand(String name) {
    Tensor operand = operands.get(name);
    if (operand == null) {
      throw new IllegalStateException("a network asks for other operands when traced: " + name);
    }
    return operand;
  }
}
