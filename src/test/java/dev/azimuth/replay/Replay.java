package dev.azimuth.replay;

import dev.azimuth.autograd.Gradients;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.nn.Parameters;
import dev.azimuth.replay.ReplayRecord.Values;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One record computed again on a backend, in float32. What a kind takes from here is tracked where
 * the record has its gradient; all of it is in published layout.
 */
public final class Replay {
  private final ReplayRecord record;
  private final Backend backend;
  private final Map<String, Tensor> leaves = new HashMap<>();
  private @Nullable Parameters parameters;

  private Replay(ReplayRecord record, Backend backend) {
    this.record = record;
    this.backend = backend;
  }

  /**
   * Computes a record and compares every output and gradient that it holds.
   *
   * @throws IllegalStateException if the kind gives other outputs than the record, or leaves
   *     weights of the record unread
   */
  public static List<ReplayComparison> of(ReplayRecord record, ReplayKind kind, Backend backend) {
    Replay replay = new Replay(record, backend);
    Map<String, Tensor> outputs = kind.run(replay);
    Set<String> expected = record.group("output").keySet();
    if (!outputs.keySet().equals(expected)) {
      throw new IllegalStateException(
          record.name() + " has outputs " + expected + ", computed were " + outputs.keySet());
    }
    replay.requireAllRead();
    List<ReplayComparison> comparisons = new ArrayList<>();
    for (String name : expected) {
      Tensor y = outputs.get(name);
      comparisons.add(ReplayComparison.of(record, "output." + name, y.shape(), y.toDoubles()));
    }
    if (record.hasGradients()) {
      comparisons.addAll(replay.gradients(outputs));
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
    return leaf("input." + name, values.shape(), ReplayRecord.floats(values));
  }

  /** An input of integers. */
  public int[] integers(String name) {
    Values values = record.tensor("input." + name);
    if (!values.isInteger()) {
      throw new IllegalArgumentException(record.name() + ": " + name + " isn't of integers");
    }
    int[] integers = new int[values.elements().length];
    for (int i = 0; i < integers.length; i++) {
      integers[i] = Math.toIntExact((long) values.elements()[i]);
    }
    return integers;
  }

  /** Shape of an input. */
  public Shape inputShape(String name) {
    return record.tensor("input." + name).shape();
  }

  /** A weight, for kinds that are an operation and no module. */
  public Tensor weight(String name) {
    Shape shape = record.weights().get(name);
    if (shape == null) {
      throw new IllegalArgumentException(record.name() + " has no weight " + name);
    }
    return leaf("weight." + name, shape, record.weight(name));
  }

  /** All weights, for kinds that are a module. */
  public Parameters parameters() {
    return parametersBeside(Map.of());
  }

  /**
   * All weights, and beside them those of a part that the module has and the record's outputs don't
   * depend on.
   */
  public Parameters parametersBeside(Map<String, ParameterSource.Stored> unused) {
    if (parameters == null) {
      ParameterSource source = new Weights(record, unused);
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
    Set<String> unread = new TreeSet<>(record.weights().keySet());
    unread.removeIf(weight -> leaves.containsKey("weight." + weight));
    if (!unread.isEmpty()) {
      throw new IllegalStateException(record.name() + ": weights left unread: " + unread);
    }
  }

  private List<ReplayComparison> gradients(Map<String, Tensor> outputs) {
    List<Tensor> ys = new ArrayList<>();
    List<Tensor> dys = new ArrayList<>();
    record
        .group("cotangent")
        .forEach(
            (name, cotangent) -> {
              ys.add(outputs.get(name));
              dys.add(Tensor.of(backend, cotangent.shape(), ReplayRecord.floats(cotangent)));
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

  /** A record's weights as a network's parameters, drawn one at a time where they are seeded. */
  private record Weights(ReplayRecord record, Map<String, ParameterSource.Stored> unused)
      implements ParameterSource {
    @Override
    public Set<String> names() {
      Set<String> names = new TreeSet<>(record.weights().keySet());
      names.addAll(unused.keySet());
      return names;
    }

    @Override
    public Shape shape(String name) {
      Stored beside = unused.get(name);
      return beside == null ? record.weights().get(name) : beside.shape();
    }

    @Override
    public float[] values(String name) {
      Stored beside = unused.get(name);
      return beside == null ? record.weight(name) : beside.values();
    }
  }
}
