package dev.azimuth.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import dev.azimuth.benchmarks.TorchScript.ImageLayout;
import dev.azimuth.tensor.Shape;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** A traced network on libtorch, its operands laid out once. */
final class TorchPeer implements AutoCloseable {
  private final NDManager manager;
  private final ImageLayout layout;
  private final TorchModule module;
  private final TorchModule contiguous;
  private final Map<ImageLayout, TorchModule> layouts = new EnumMap<>(ImageLayout.class);
  private final NDList operands = new NDList();
  private final boolean isTracked;

  /**
   * A network's result.
   *
   * @param values the operands' elements, in our order
   */
  static TorchPeer forward(
      NDManager parent, Traced traced, Function<String, float[]> values, ImageLayout layout) {
    String text = TorchScript.forwardFunction(TorchScript.of(traced, layout));
    return new TorchPeer(parent, traced, values, layout, text, false);
  }

  /** A network's result and its gradients in all operands, from the result's. */
  static TorchPeer backward(
      NDManager parent,
      Traced traced,
      Function<String, float[]> values,
      float[] dy,
      ImageLayout layout) {
    String text =
        TorchScript.backwardFunction(TorchScript.of(traced, layout), traced.operands().size());
    TorchPeer peer = new TorchPeer(parent, traced, values, layout, text, true);
    peer.add("w[]", traced.result().shape(), dy);
    return peer;
  }

  /** A network's result, which is a loss, and a step of AdamW in all operands, in place. */
  static TorchPeer training(
      NDManager parent,
      Traced traced,
      Function<String, float[]> values,
      TorchScript.AdamWNumbers numbers,
      ImageLayout layout) {
    int count = traced.operands().size();
    String text = TorchScript.trainingFunction(TorchScript.of(traced, layout), count, numbers);
    TorchPeer peer = new TorchPeer(parent, traced, values, layout, text, true);
    peer.add("w[]", traced.result().shape(), new float[] {1});
    for (String moment : List.of("m[]", "v[]")) {
      traced
          .operands()
          .values()
          .forEach(x -> peer.add(moment, x.shape(), new float[x.shape().size()]));
    }
    for (int i = 0; i < count; i++) {
      peer.add("t[]", Shape.of(), new float[1]);
    }
    return peer;
  }

  private TorchPeer(
      NDManager parent,
      Traced traced,
      Function<String, float[]> values,
      ImageLayout layout,
      String text,
      boolean isTracked) {
    this.manager = parent.newSubManager();
    this.layout = layout;
    this.isTracked = isTracked;
    this.module = new TorchModule(manager, text);
    this.contiguous = new TorchModule(manager, TorchScript.contiguousFunction());
    traced
        .operands()
        .forEach(
            (name, x) -> add("w[]", x.shape(), values.apply(name)).setRequiresGradient(isTracked));
    traced.constants().forEach(c -> add("w[]", c.tensor().shape(), c.values()));
  }

  private NDArray add(String name, Shape shape, float[] values) {
    long[] dims = new long[shape.rank()];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = shape.dim(i);
    }
    ImageLayout told = shape.rank() == 4 ? layout : ImageLayout.CHANNELS_LAST;
    TorchModule lay =
        layouts.computeIfAbsent(told, l -> new TorchModule(manager, TorchScript.layoutFunction(l)));
    try (NDArray given = manager.create(values, new ai.djl.ndarray.types.Shape(dims))) {
      NDArray laid = lay.forward(given, isTracked); // untracked, it could never require gradients
      laid.attach(manager);
      laid.setName(name);
      operands.add(laid);
      return laid;
    }
  }

  /** Exchanges the elements of the network's constants, in the order in which it has them. */
  void setConstants(float[]... values) {
    for (int i = 0; i < values.length; i++) {
      operands.remove(operands.size() - values.length + i).close();
      // added last, hence moved to where it belongs
      add("w[]", Shape.of(values[i].length), values[i]);
      operands.add(operands.size() - values.length + i, operands.remove(operands.size() - 1));
    }
  }

  /** One call, its results dropped. */
  void run() {
    module.forward(operands, isTracked).close();
  }

  /** One call's results, in our order: y, then the gradients if they are computed. */
  List<float[]> results() {
    List<float[]> results = new ArrayList<>();
    try (NDList made = module.forward(operands, isTracked)) {
      for (NDArray result : made) {
        try (NDArray detached = contiguous.forward(result, false)) {
          results.add(detached.toFloatArray());
        }
      }
    }
    return results;
  }

  @Override
  public void close() {
    module.close();
    contiguous.close();
    layouts.values().forEach(TorchModule::close);
    manager.close();
  }
}
