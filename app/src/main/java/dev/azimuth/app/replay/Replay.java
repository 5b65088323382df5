package dev.azimuth.app.replay;

import dev.azimuth.app.replay.ReplayRecord.Values;
import dev.azimuth.autograd.Gradients;
import dev.azimuth.diffusion.text.ClipVocabulary;
import dev.azimuth.nn.Context;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One record computed again on a backend, in float32. What a kind takes from here is tracked where
 * the record has its gradient; all of it is in published layout.
 */
public final class Replay {
  /** The path that attends, whatever the number of tokens: what the reference does. */
  public static final Function<Tensor, Context> ATTENDING = Context.Tokens::new;

  /** The vocabulary among the files of Azimuth's tests. */
  public static final Path OWN_VOCABULARY =
      Path.of(System.getProperty("azimuth.home", "."))
          .resolve("src/test/reference/clip/bpe_simple_vocab_16e6.txt.gz");

  /** The path without attention where there is one token. */
  public static final Function<Tensor, Context> COLLAPSING =
      tokens ->
          tokens.shape().dim(1) == 1 ? new Context.SingleToken(tokens) : new Context.Tokens(tokens);

  private final ReplayRecord record;
  private final Backend backend;
  private final Setting setting;
  private final Map<String, Tensor> leaves = new HashMap<>();
  private @Nullable Parameters parameters;

  /**
   * What a replay takes from outside its record.
   *
   * @param path how context tokens are attended to
   * @param vocabulary CLIP's, which no record holds
   * @param onWeight told of each weight that a network has taken
   */
  public record Setting(Function<Tensor, Context> path, Path vocabulary, Runnable onWeight) {
    /** By a path, with the vocabulary that Azimuth's own records are replayed with. */
    public Setting(Function<Tensor, Context> path) {
      this(path, OWN_VOCABULARY, () -> {});
    }
  }

  /** A replay that has not been run. */
  public Replay(ReplayRecord record, Backend backend, Setting setting) {
    this.record = record;
    this.backend = backend;
    this.setting = setting;
  }

  /** Runs a record on a backend by the path that attends. */
  public static List<ReplayComparison> of(ReplayRecord record, ReplayKind kind, Backend backend) {
    return new Replay(record, backend, new Setting(ATTENDING)).run(kind);
  }

  /**
   * Computes the record, once, and compares every output and gradient that it holds.
   *
   * @throws IllegalStateException if the kind lacks an output of the record, or leaves weights of
   *     the record unread
   */
  public List<ReplayComparison> run(ReplayKind kind) {
    Map<String, Tensor> outputs = kind.run(this);
    requireAllRead();
    List<ReplayComparison> comparisons = new ArrayList<>();
    for (String name : record.group("output").keySet()) {
      Tensor y = output(outputs, name);
      comparisons.add(ReplayComparison.of(record, "output." + name, y.shape(), y.toDoubles()));
    }
    if (record.hasGradients()) {
      comparisons.addAll(gradients(outputs));
    }
    return comparisons;
  }

  /** Where to compute. */
  public Backend backend() {
    return backend;
  }

  /** The kind's sizes and options. */
  public ReplayConfig config() {
    return record.config();
  }

  /** Whether the record has such an input. */
  public boolean hasInput(String name) {
    return record.group("input").containsKey(name);
  }

  /** An input. */
  public Tensor input(String name) {
    Values values = record.tensor("input." + name);
    return leaf("input." + name, values.shape(), values.floats());
  }

  /** CLIP's vocabulary. */
  public ClipVocabulary vocabulary() {
    try {
      return ClipVocabulary.read(setting.vocabulary);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An input of tokens [B, M, D], as what a network attends to. */
  public Context context(String name) {
    return context(input(name));
  }

  /** Tokens [B, M, D], as what a network attends to. */
  public Context context(Tensor tokens) {
    return setting.path.apply(tokens);
  }

  /** An input of integers. */
  public long[] longs(String name) {
    Values values = record.tensor("input." + name);
    if (!values.isInteger()) {
      throw new IllegalArgumentException("input." + name + " must be of integers");
    }
    long[] integers = new long[values.elements().length];
    for (int i = 0; i < integers.length; i++) {
      integers[i] = (long) values.elements()[i];
    }
    return integers;
  }

  /** An input of integers below 2³¹. */
  public int[] integers(String name) {
    long[] longs = longs(name);
    int[] integers = new int[longs.length];
    for (int i = 0; i < integers.length; i++) {
      integers[i] = Math.toIntExact(longs[i]);
    }
    return integers;
  }

  /** Shape of an input. */
  public Shape inputShape(String name) {
    return record.tensor("input." + name).shape();
  }

  /** A weight, for kinds that are an operation and no module. */
  public Tensor weight(String name) {
    ParameterSource weights = record.weights();
    if (!weights.names().contains(name)) {
      throw new IllegalArgumentException("the record has no weight " + name);
    }
    return leaf("weight." + name, weights.shape(name), weights.values(name));
  }

  /** All weights, for kinds that are a module. */
  public Parameters parameters() {
    return parametersBeside(Map.of());
  }

  /**
   * All weights, and beside them zeros for a part of these names and shapes that the module has and
   * the record's outputs don't depend on.
   */
  public Parameters parametersBeside(Map<String, Shape> unused) {
    if (parameters == null) {
      ParameterSource source = new Weights(record.weights(), unused, setting.onWeight);
      parameters =
          record.hasGradients()
              ? Parameters.trainable(backend, DType.FLOAT32, source)
              : Parameters.stored(backend, DType.FLOAT32, source);
    }
    return parameters;
  }

  private Tensor leaf(String name, Shape shape, float[] values) {
    return leaves.computeIfAbsent(
        name,
        n -> {
          Tensor x = Tensor.of(backend, shape, values);
          return record.tensors().containsKey("grad." + n) ? x.tracked() : x;
        });
  }

  private void requireAllRead() {
    if (parameters != null) {
      parameters.requireComplete();
      return;
    }
    Set<String> unread = new TreeSet<>(record.weights().names());
    unread.removeIf(weight -> leaves.containsKey("weight." + weight));
    if (!unread.isEmpty()) {
      throw new IllegalStateException("weights left unread: " + unread);
    }
  }

  private static Tensor output(Map<String, Tensor> outputs, String name) {
    Tensor y = outputs.get(name);
    if (y == null) {
      throw new IllegalStateException(
          "the record has an output " + name + ", computed were " + outputs.keySet());
    }
    return y;
  }

  private List<ReplayComparison> gradients(Map<String, Tensor> outputs) {
    List<Tensor> ys = new ArrayList<>();
    List<Tensor> dys = new ArrayList<>();
    record
        .group("cotangent")
        .forEach(
            (name, cotangent) -> {
              ys.add(output(outputs, name));
              dys.add(Tensor.of(backend, cotangent.shape(), cotangent.floats()));
            });
    Map<String, Values> got = gradients(Gradients.of(ys, dys));
    List<ReplayComparison> comparisons = new ArrayList<>();
    for (String group : List.of("grad.input", "grad.weight")) {
      record
          .group(group)
          .forEach(
              (name, expected) -> {
                String full = group + "." + name;
                Values absent =
                    new Values(expected.shape(), new double[expected.shape().size()], false);
                Values gradient = got.getOrDefault(full, absent);
                comparisons.add(
                    ReplayComparison.of(record, full, gradient.shape(), gradient.elements()));
              });
    }
    return comparisons;
  }

  /** Gradients of leaves and parameters by the record's names, in published layout. */
  private Map<String, Values> gradients(Gradients g) {
    Map<String, Values> gradients = new LinkedHashMap<>();
    g.named(leaves)
        .forEach(
            (name, gradient) ->
                gradients.put(
                    "grad." + name, new Values(gradient.shape(), gradient.toDoubles(), false)));
    if (parameters != null) {
      parameters
          .published(g.named(parameters.tensors()))
          .forEach((name, gradient) -> gradients.put("grad.weight." + name, values(gradient)));
    }
    return gradients;
  }

  private static Values values(ParameterSource.Stored stored) {
    double[] elements = new double[stored.values().length];
    for (int i = 0; i < elements.length; i++) {
      elements[i] = stored.values()[i];
    }
    return new Values(stored.shape(), elements, false);
  }

  /** A record's weights, and zeros beside them, as a network's parameters, taken one at a time. */
  private static final class Weights implements ParameterSource {
    private final ParameterSource own;
    private final Map<String, Shape> shapes = new TreeMap<>();
    private final Set<String> zeros;
    private final Runnable onWeight;

    Weights(ParameterSource own, Map<String, Shape> unused, Runnable onWeight) {
      this.own = own;
      this.zeros = new TreeSet<>(unused.keySet());
      zeros.removeAll(own.names());
      unused.forEach(shapes::put);
      own.names().forEach(name -> shapes.put(name, own.shape(name)));
      this.onWeight = onWeight;
    }

    @Override
    public Set<String> names() {
      return shapes.keySet();
    }

    @Override
    public Shape shape(String name) {
      Shape shape = shapes.get(name);
      if (shape == null) {
        throw new IllegalArgumentException("no parameter named " + name);
      }
      return shape;
    }

    @Override
    public float[] values(String name) {
      onWeight.run();
      return zeros.contains(name) ? new float[shape(name).size()] : own.values(name);
    }
  }
}
