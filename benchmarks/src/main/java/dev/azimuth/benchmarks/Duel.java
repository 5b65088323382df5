package dev.azimuth.benchmarks;

import ai.djl.ndarray.NDManager;
import dev.azimuth.autograd.Gradients;
import dev.azimuth.benchmarks.TorchScript.ImageLayout;
import dev.azimuth.nn.Context;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** A workload on both sides, with the same operands and the same number of threads. */
final class Duel implements AutoCloseable {
  // a product's error is some 1e-5 at most relative to its result, Winograd's included; two sides
  // have one each; through layers they add up as independent ones do
  private static final double TOLERANCE_PER_PRODUCT = 3e-5;

  private final Workload workload;
  private final Backend backend;
  private final OurSide ours;
  private final NDManager torch;
  private final Traced traced;
  private final KernelCost cost;
  private final double tolerance;
  private final ImageLayout layout;
  private final double error;
  private final TorchPeer peer;

  /**
   * Sets both sides up and holds their results against each other.
   *
   * @param known how libtorch has its images, if that is known; else what is faster is tried
   * @throws IllegalStateException if they disagree, with the relative error
   */
  Duel(Workload workload, int threads, Optional<ImageLayout> known) {
    this.workload = workload;
    this.backend = CpuBackend.simd(threads);
    this.torch = Torch.open(threads);
    this.traced = Traced.forward(workload.network(), Context.Tokens::new);
    boolean isTracked = workload.pass() != Workload.Pass.FORWARD;
    List<Kernel> kernels =
        isTracked
            ? Traced.backward(workload.network(), Context.Tokens::new).kernels()
            : traced.kernels();
    this.cost = KernelCost.of(kernels);
    long products = kernels.stream().filter(k -> KernelCost.of(List.of(k)).flops() > 0).count();
    this.tolerance = TOLERANCE_PER_PRODUCT * Math.sqrt(Math.max(1, products));
    this.ours = new OurSide(workload, backend);
    this.layout = known.orElseGet(this::fasterLayout);
    this.error = check();
    this.peer = peer(workload.pass(), layout);
  }

  private TorchPeer peer(Workload.Pass pass, ImageLayout images) {
    Function<String, float[]> values = name -> ours.operand(name).toFloats();
    return switch (pass) {
      case FORWARD -> TorchPeer.forward(torch, traced, values, images);
      case BACKWARD -> TorchPeer.backward(torch, traced, values, ours.dyValues(), images);
      case TRAINING ->
          TorchPeer.training(
              torch,
              traced,
              values,
              new TorchScript.AdamWNumbers(
                  OurSide.ADAMW.learningRate(),
                  OurSide.ADAMW.beta1(),
                  OurSide.ADAMW.beta2(),
                  OurSide.ADAMW.eps(),
                  OurSide.ADAMW.weightDecay()),
              images);
    };
  }

  private ImageLayout fasterLayout() {
    boolean hasImages = traced.kernels().stream().anyMatch(Duel::isOfImages);
    if (!hasImages) {
      return ImageLayout.CHANNELS_LAST;
    }
    boolean isNormed = traced.kernels().stream().anyMatch(Kernel.GroupNorm.class::isInstance);
    if (isNormed && workload.pass() != Workload.Pass.FORWARD) {
      // libtorch 2.7.1's group norm reads out of bounds on the way back through channels-last
      // images
      return ImageLayout.CHANNELS_FIRST;
    }
    return seconds(ImageLayout.CHANNELS_FIRST) < seconds(ImageLayout.CHANNELS_LAST)
        ? ImageLayout.CHANNELS_FIRST
        : ImageLayout.CHANNELS_LAST;
  }

  private static boolean isOfImages(Kernel kernel) {
    return kernel instanceof Kernel.Conv2d || kernel instanceof Kernel.GroupNorm;
  }

  private double seconds(ImageLayout images) {
    try (TorchPeer tried = peer(workload.pass(), images)) {
      tried.run();
      return Alternation.secondsPerCall(tried::run, 0.1);
    }
  }

  /** The largest relative error of a result, |ours - libtorch| over |libtorch|. */
  private double check() {
    boolean isForward = workload.pass() == Workload.Pass.FORWARD;
    List<float[]> expected;
    Workload.Pass checked = isForward ? Workload.Pass.FORWARD : Workload.Pass.BACKWARD;
    try (TorchPeer checking = peer(checked, layout)) {
      expected = checking.results();
    }
    Tensor y = ours.result();
    double worst = requireNear("result", y, expected.get(0));
    if (!isForward) {
      Gradients gradients = ours.gradients(y);
      int i = 1;
      for (Map.Entry<String, Tensor> operand : ours.operands().entrySet()) {
        float[] theirs = expected.get(i++);
        // what folding leaves absent is zero but for rounding where it is computed
        Optional<Tensor> our = gradients.find(operand.getValue());
        if (our.isPresent()) {
          String name = "gradient of " + operand.getKey();
          worst = Math.max(worst, requireNear(name, our.get(), theirs));
        }
      }
    }
    return worst;
  }

  private double requireNear(String name, Tensor actual, float[] expected) {
    double off = relativeError(actual.toFloats(), expected);
    if (!(off <= tolerance)) {
      throw new IllegalStateException(
          "%s, %s: the %s is off by %.1e relative to libtorch's, tolerance %.1e"
              .formatted(workload.family(), workload.name(), name, off, tolerance));
    }
    return off;
  }

  /** Root mean squares: |actual - expected| / |expected|; 0 if both are 0. */
  static double relativeError(float[] actual, float[] expected) {
    if (actual.length != expected.length) {
      throw new IllegalStateException(
          "ours has %d elements, libtorch's %d".formatted(actual.length, expected.length));
    }
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < actual.length; i++) {
      double d = (double) actual[i] - expected[i];
      difference += d * d;
      norm += (double) expected[i] * expected[i];
    }
    return difference == 0 ? 0 : Math.sqrt(difference / norm);
  }

  /** One call of ours. */
  Object ours() {
    return ours.run();
  }

  /** One call of libtorch's. */
  void libtorch() {
    peer.run();
  }

  /** What a call costs at least. */
  KernelCost cost() {
    return cost;
  }

  /** The error found when it was set up. */
  double relativeError() {
    return error;
  }

  /** How libtorch has its images. */
  ImageLayout layout() {
    return layout;
  }

  @Override
  public void close() {
    peer.close();
    torch.close();
    backend.close();
  }
}
