package dev.azimuth.tensor;

import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** The tensors of a kernel by the names of its record components, and kernels with others. */
final class KernelOperands {
  private KernelOperands() {}

  /** Every tensor that the kernel reads or writes. */
  static Map<String, Tensor> of(Kernel kernel) {
    Map<String, Tensor> operands = new LinkedHashMap<>();
    for (RecordComponent component : kernel.getClass().getRecordComponents()) {
      if (component.getType() == Tensor.class) {
        Object value = read(kernel, component);
        if (value != null) {
          operands.put(component.getName(), (Tensor) value);
        }
      }
    }
    return operands;
  }

  /** The same kernel with each tensor replaced by {@code replacement} of its name and itself. */
  static Kernel mapped(Kernel kernel, BiFunction<String, Tensor, Tensor> replacement) {
    RecordComponent[] components = kernel.getClass().getRecordComponents();
    Object[] values = new Object[components.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = read(kernel, components[i]);
      if (values[i] instanceof Tensor x) {
        values[i] = replacement.apply(components[i].getName(), x);
      }
    }
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      Constructor<? extends Kernel> constructor = kernel.getClass().getDeclaredConstructor(types);
      return constructor.newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(kernel.getClass().getName(), e);
    }
  }

  private static Object read(Kernel kernel, RecordComponent component) {
    try {
      return component.getAccessor().invoke(kernel);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(component.toString(), e);
    }
  }

  /**
   * The same kernel on another backend, in another type: inputs copied, outputs poisoned with NaN
   * unless the kernel reads them.
   */
  static Kernel on(Backend backend, DType dtype, Kernel kernel) {
    List<String> outputs = outputs(kernel);
    return mapped(
        kernel,
        (name, x) -> {
          double[] values = x.toDoubles();
          if (outputs.contains(name) && !isInPlace(kernel)) {
            Arrays.fill(values, Double.NaN);
          }
          return Tensor.of(backend, dtype, x.shape(), values);
        });
  }

  /** The names of the tensors that the kernel writes. */
  static List<String> outputs(Kernel kernel) {
    return switch (kernel) {
      case Kernel.Fill _, Kernel.Copy _, Kernel.Unary _, Kernel.Affine _, Kernel.Clamp _ ->
          List.of("y");
      case Kernel.Binary _, Kernel.Select _, Kernel.Reduce _, Kernel.Gather _, Kernel.Geglu _ ->
          List.of("y");
      case Kernel.Matmul _, Kernel.Conv2d _, Kernel.Resample _, Kernel.MaxPool2d _ -> List.of("y");
      case Kernel.Softmax _, Kernel.LogSoftmax _ -> List.of("y");
      case Kernel.UnaryVjp _, Kernel.ClampVjp _, Kernel.SoftmaxVjp _, Kernel.LogSoftmaxVjp _ ->
          List.of("dx");
      case Kernel.Conv2dInputVjp _, Kernel.MaxPool2dVjp _, Kernel.GegluVjp _ -> List.of("dx");
      case Kernel.Conv2dWeightVjp _ -> List.of("dWeight");
      case Kernel.GatherVjp _ -> List.of("dTable");
      case Kernel.GroupNorm _, Kernel.LayerNorm _ -> List.of("y", "mean", "rstd");
      case Kernel.GroupNormVjp _, Kernel.LayerNormVjp _ -> List.of("dx", "dWeight", "dBias");
      case Kernel.Attention _ -> List.of("y", "logSumExp");
      case Kernel.AttentionVjp _ -> List.of("dq", "dk", "dv");
      case Kernel.AdamW _ -> List.of("parameter", "m", "v");
      case Kernel.Ema _ -> List.of("shadow");
    };
  }

  /** Whether the outputs' earlier elements matter. */
  static boolean isInPlace(Kernel kernel) {
    return kernel instanceof Kernel.Copy
        || kernel instanceof Kernel.AdamW
        || kernel instanceof Kernel.Ema;
  }
}
