package dev.azimuth.kernels;

import static dev.azimuth.kernels.Launch.MAP_THREADS;
import static dev.azimuth.kernels.Launch.params;
import static dev.azimuth.kernels.ParamType.F32;
import static dev.azimuth.kernels.ParamType.F64;
import static dev.azimuth.kernels.ParamType.I32;
import static dev.azimuth.kernels.ParamType.PTR;
import static java.util.Objects.requireNonNull;

import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.UnaryFunction;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Launches elementwise.cu: one thread for each element. */
final class ElementwiseLauncher {
  private static final KernelSpec FILL_F32 = spec("fill_f32", PTR, F32, I32);
  private static final KernelSpec FILL_F64 = spec("fill_f64", PTR, F64, I32);
  private static final KernelSpec AFFINE = spec("affine_f32", PTR, F32, F32, PTR, I32);
  private static final KernelSpec CLAMP = spec("clamp_f32", PTR, F32, F32, PTR, I32);
  private static final KernelSpec CLAMP_VJP = spec("clamp_vjp_f32", PTR, F32, F32, PTR, PTR, I32);
  private static final KernelSpec SELECT = spec("select_f32", PTR, PTR, PTR, PTR, I32);
  private static final KernelSpec GEGLU = spec("geglu_f32", PTR, PTR, I32, I32);
  private static final KernelSpec GEGLU_VJP = spec("geglu_vjp_f32", PTR, PTR, PTR, I32, I32);
  private static final Map<UnaryFunction, KernelSpec> UNARY = unary("_f32", 2);
  private static final Map<UnaryFunction, KernelSpec> UNARY_VJP = unary("_vjp_f32", 4);

  static final List<KernelSpec> SPECS = specs();

  private ElementwiseLauncher() {}

  private static KernelSpec spec(String entry, ParamType... params) {
    return new KernelSpec("elementwise.ptx", entry, MAP_THREADS, params);
  }

  private static Map<UnaryFunction, KernelSpec> unary(String suffix, int pointers) {
    Map<UnaryFunction, KernelSpec> specs = new EnumMap<>(UnaryFunction.class);
    for (UnaryFunction f : UnaryFunction.values()) {
      String entry = "unary_" + f.name().toLowerCase(Locale.ROOT) + suffix;
      specs.put(f, new KernelSpec("elementwise.ptx", entry, MAP_THREADS, params(pointers, 1)));
    }
    return specs;
  }

  private static List<KernelSpec> specs() {
    List<KernelSpec> specs =
        new ArrayList<>(
            List.of(FILL_F32, FILL_F64, AFFINE, CLAMP, CLAMP_VJP, SELECT, GEGLU, GEGLU_VJP));
    specs.addAll(UNARY.values());
    specs.addAll(UNARY_VJP.values());
    return List.copyOf(specs);
  }

  static void fill(Launch cuda, Kernel.Fill k) {
    int size = k.y().shape().size();
    if (k.y().dtype() == DType.FLOAT64) {
      cuda.map(FILL_F64, size, Launch.anywhere(k.y()), k.value(), size);
    } else {
      cuda.map(FILL_F32, size, cuda.out(k.y()), (float) k.value(), size);
    }
  }

  static void unary(Launch cuda, Kernel.Unary k) {
    int size = k.y().shape().size();
    cuda.map(requireNonNull(UNARY.get(k.function())), size, cuda.in(k.x()), cuda.out(k.y()), size);
  }

  static void unaryVjp(Launch cuda, Kernel.UnaryVjp k) {
    int size = k.dx().shape().size();
    cuda.map(
        requireNonNull(UNARY_VJP.get(k.function())),
        size,
        cuda.in(k.x()),
        cuda.in(k.y()),
        cuda.in(k.dy()),
        cuda.out(k.dx()),
        size);
  }

  static void affine(Launch cuda, Kernel.Affine k) {
    int size = k.y().shape().size();
    cuda.map(
        AFFINE, size, cuda.in(k.x()), (float) k.scale(), (float) k.shift(), cuda.out(k.y()), size);
  }

  static void clamp(Launch cuda, Kernel.Clamp k) {
    int size = k.y().shape().size();
    cuda.map(CLAMP, size, cuda.in(k.x()), (float) k.low(), (float) k.high(), cuda.out(k.y()), size);
  }

  static void clampVjp(Launch cuda, Kernel.ClampVjp k) {
    int size = k.dx().shape().size();
    cuda.map(
        CLAMP_VJP,
        size,
        cuda.in(k.x()),
        leastFloatFrom(k.low()),
        -leastFloatFrom(-k.high()),
        cuda.in(k.dy()),
        cuda.out(k.dx()),
        size);
  }

  /**
   * The float that separates the same floats as {@code bound} does: which side x is on is exact.
   */
  private static float leastFloatFrom(double bound) {
    float near = (float) bound;
    return near < bound ? Math.nextUp(near) : near;
  }

  static void select(Launch cuda, Kernel.Select k) {
    int size = k.y().shape().size();
    cuda.map(
        SELECT,
        size,
        cuda.in(k.condition()),
        cuda.in(k.a()),
        cuda.in(k.b()),
        cuda.out(k.y()),
        size);
  }

  static void geglu(Launch cuda, Kernel.Geglu k) {
    int size = k.y().shape().size();
    cuda.map(GEGLU, size, cuda.in(k.x()), cuda.out(k.y()), size, k.y().shape().dim(-1));
  }

  static void gegluVjp(Launch cuda, Kernel.GegluVjp k) {
    int size = k.dy().shape().size();
    cuda.map(
        GEGLU_VJP,
        size,
        cuda.in(k.x()),
        cuda.in(k.dy()),
        cuda.out(k.dx()),
        size,
        k.dy().shape().dim(-1));
  }
}
