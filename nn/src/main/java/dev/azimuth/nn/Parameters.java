package dev.azimuth.nn;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Buffer;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.MetaBackend;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.random.TorchRandom;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A place in a network's tree of parameters. Constructors take one and read like the reference's
 * state dict: {@code p.at("to_out").at(0)} holds {@code to_out.0.weight}.
 *
 * <p>New parameters are drawn from a seeded generator, in the order of the constructors; stored
 * ones come from a {@link ParameterSource}, strictly: {@link #requireComplete} lists every
 * difference. For training they are tracked leaves; loaded for inference they are not.
 */
public final class Parameters {
  private final Tree tree;
  private final String path;

  /** What all places of one network share. */
  private static final class Tree {
    final Backend backend;
    final DType dtype;
    final Storage storage;
    final boolean isTracked;
    final @Nullable ParameterSource source;
    final @Nullable TorchRandom random;
    final Map<String, Parameter> parameters = new LinkedHashMap<>();
    final List<String> missing = new ArrayList<>();
    final List<String> misshapen = new ArrayList<>();

    Tree(
        Backend backend,
        DType dtype,
        Storage storage,
        boolean isTracked,
        @Nullable ParameterSource source,
        @Nullable TorchRandom random) {
      this.backend = backend;
      this.dtype = dtype;
      this.storage = storage;
      this.isTracked = isTracked;
      this.source = source;
      this.random = random;
    }
  }

  /** How weights that are only read rest in memory. */
  public enum Storage {
    /** In float32, as they are computed with. */
    FLOAT32,
    /**
     * Matrices and kernels in half precision, widened each time they are read: half the memory, and
     * slower.
     */
    FLOAT16
  }

  private record Parameter(Tensor tensor, Shape published, Layout layout) {}

  /** What a parameter is for. */
  private enum Role {
    /** Inputs are multiplied by it. */
    WEIGHT,
    /** Anything else. */
    OTHER
  }

  private Parameters(Tree tree, String path) {
    this.tree = tree;
    this.path = path;
  }

  /** The root of a network with new parameters, tracked. */
  public static Parameters initialized(Backend backend, DType dtype, TorchRandom random) {
    return new Parameters(new Tree(backend, dtype, Storage.FLOAT32, true, null, random), "");
  }

  /** The root of a network with stored parameters, untracked: for inference. */
  public static Parameters stored(Backend backend, DType dtype, ParameterSource source) {
    return new Parameters(new Tree(backend, dtype, Storage.FLOAT32, false, source, null), "");
  }

  /** The root of a network with stored float32 parameters, untracked: for inference. */
  public static Parameters stored(Backend backend, Storage storage, ParameterSource source) {
    return new Parameters(new Tree(backend, DType.FLOAT32, storage, false, source, null), "");
  }

  /** The root of a network whose parameters have names and shapes and no elements. */
  public static Parameters outlined() {
    return outlined(new MetaBackend(), false);
  }

  /**
   * The same on a backend that stores no elements either, tracked or not, to learn what a network
   * computes.
   */
  public static Parameters outlined(Backend backend, boolean isTracked) {
    return new Parameters(
        new Tree(backend, DType.FLOAT32, Storage.FLOAT32, isTracked, null, null), "");
  }

  /** The root of a network with stored parameters, tracked: for training. */
  public static Parameters trainable(Backend backend, DType dtype, ParameterSource source) {
    return new Parameters(new Tree(backend, dtype, Storage.FLOAT32, true, source, null), "");
  }

  /** The place named {@code name} below this one. */
  public Parameters at(String name) {
    return new Parameters(tree, path.isEmpty() ? name : path + "." + name);
  }

  /** The place numbered {@code index} below this one. */
  public Parameters at(int index) {
    return at(Integer.toString(index));
  }

  /** The dotted path of this place; empty at the root. */
  public String path() {
    return path;
  }

  /** The parameter {@code name} here, with these sizes. */
  public Tensor tensor(String name, Initialization initialization, int... dims) {
    return add(name, initialization, Shape.of(dims), Layout.PLAIN, Role.OTHER);
  }

  /** The weight {@code name} here, [out, in], of a linear layer. */
  public Tensor linear(String name, Initialization initialization, int out, int in) {
    return add(name, initialization, Shape.of(out, in), Layout.PLAIN, Role.WEIGHT);
  }

  /**
   * A convolution's weight: published [out, in, height, width], inside [out, height, width, in].
   */
  public Tensor convolution(
      String name, Initialization initialization, int out, int in, int height, int width) {
    Shape published = Shape.of(out, in, height, width);
    return add(name, initialization, published, Layout.CONVOLUTION, Role.WEIGHT);
  }

  private Tensor add(
      String name, Initialization initialization, Shape published, Layout layout, Role role) {
    String full = path.isEmpty() ? name : path + "." + name;
    Buffer buffer = buffer(full, initialization, published, layout, role);
    Tensor tensor = new Tensor(tree.backend, layout.inside(published), buffer, null);
    Tensor leaf = tree.isTracked ? tensor.tracked() : tensor;
    if (tree.parameters.put(full, new Parameter(leaf, published, layout)) != null) {
      throw new IllegalStateException("two parameters are named " + full);
    }
    return leaf;
  }

  private Buffer buffer(
      String full, Initialization initialization, Shape published, Layout layout, Role role) {
    if (tree.source == null && tree.random == null) {
      return tree.backend.allocate(tree.dtype, published.size());
    }
    float[] values = layout.toInside(values(full, initialization, published), published);
    if (tree.dtype == DType.FLOAT32 && !tree.isTracked) {
      // never written: the source's array can stay its own, or go into another order
      if (tree.storage == Storage.FLOAT16 && published.rank() > 1) {
        return tree.backend.halved(values);
      }
      int out = published.dim(0);
      return role == Role.WEIGHT
          ? tree.backend.weight(values, out, values.length / out)
          : tree.backend.adopt(values);
    }
    Buffer buffer = tree.backend.allocate(tree.dtype, values.length);
    tree.backend.upload(values, buffer);
    return buffer;
  }

  private float[] values(String full, Initialization initialization, Shape published) {
    if (tree.source == null) {
      return initialization.draw(Objects.requireNonNull(tree.random), published);
    }
    // a placeholder lets construction go on, so that one error lists all the differences
    if (!tree.source.names().contains(full)) {
      tree.missing.add(full);
      return new float[published.size()];
    }
    Shape stored = tree.source.shape(full);
    if (!stored.equals(published)) {
      tree.misshapen.add(full + " " + stored + " instead of " + published);
      return new float[published.size()];
    }
    return tree.source.values(full);
  }

  /**
   * Ends strict loading.
   *
   * @throws ParameterException listing every name missing, unexpected or misshapen
   */
  public void requireComplete() {
    if (tree.source == null) {
      return;
    }
    Set<String> unexpected = new LinkedHashSet<>(tree.source.names());
    unexpected.removeAll(tree.parameters.keySet());
    if (!tree.missing.isEmpty() || !unexpected.isEmpty() || !tree.misshapen.isEmpty()) {
      throw new ParameterException(
          tree.missing, unexpected.stream().sorted().toList(), tree.misshapen);
    }
  }

  /** Every parameter of the whole network by its published name, in the order of construction. */
  public Map<String, Tensor> tensors() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tree.parameters.forEach((name, parameter) -> tensors.put(name, parameter.tensor));
    return Collections.unmodifiableMap(tensors);
  }

  /** Every parameter as it is published: for saving. */
  public Map<String, ParameterSource.Stored> published() {
    return published(tensors());
  }

  /**
   * Tensors named and laid out as this network's parameters (their gradients, running averages), in
   * the published order of elements.
   */
  public Map<String, ParameterSource.Stored> published(Map<String, Tensor> tensors) {
    Map<String, ParameterSource.Stored> published = new LinkedHashMap<>();
    tensors.forEach(
        (name, tensor) -> {
          Parameter parameter = tree.parameters.get(name);
          if (parameter == null) {
            throw new IllegalArgumentException("no parameter named " + name);
          }
          float[] values = parameter.layout.toPublished(tensor.toFloats(), parameter.published);
          published.put(name, new ParameterSource.Stored(parameter.published, values));
        });
    return published;
  }

  /**
   * Overwrites every parameter's elements in place, with tensors laid out as they are computed
   * with.
   *
   * @throws ParameterException listing every name missing, unexpected or misshapen
   */
  public void overwrite(Map<String, Tensor> values) {
    List<String> missing = new ArrayList<>(tree.parameters.keySet());
    missing.removeAll(values.keySet());
    List<String> unexpected = new ArrayList<>(values.keySet());
    unexpected.removeAll(tree.parameters.keySet());
    List<String> misshapen = new ArrayList<>();
    tree.parameters.forEach(
        (name, parameter) -> {
          Tensor value = values.get(name);
          if (value != null && !value.shape().equals(parameter.tensor.shape())) {
            misshapen.add(name + " " + value.shape() + " instead of " + parameter.tensor.shape());
          }
        });
    if (!missing.isEmpty() || !unexpected.isEmpty() || !misshapen.isEmpty()) {
      throw new ParameterException(missing, unexpected, misshapen);
    }
    tree.parameters.forEach(
        (name, parameter) -> {
          double[] elements = Objects.requireNonNull(values.get(name)).toDoubles();
          tree.backend.upload(elements, parameter.tensor.buffer());
        });
  }

  /** Every parameter's published shape, in the order of construction. */
  public SequencedMap<String, Shape> shapes() {
    SequencedMap<String, Shape> shapes = new LinkedHashMap<>();
    tree.parameters.forEach((name, parameter) -> shapes.put(name, parameter.published));
    return shapes;
  }

  /** Where the parameters live. */
  public Backend backend() {
    return tree.backend;
  }

  /** Number of elements of all parameters. */
  public long count() {
    return tree.parameters.values().stream().mapToLong(p -> p.published.size()).sum();
  }
}
