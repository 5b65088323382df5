package dev.azimuth.app.replay;

import dev.azimuth.nn.optim.AdamW;
import dev.azimuth.nn.optim.AdamW.Group;
import dev.azimuth.nn.optim.AdamW.Settings;
import dev.azimuth.nn.optim.Ema;
import dev.azimuth.nn.optim.LearningRateSchedule;
import dev.azimuth.nn.optim.LearningRateSchedule.LambdaLinear;
import dev.azimuth.nn.optim.LearningRateSchedule.LambdaLinear.Cycle;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The kinds of training: optimizer, running average, learning-rate schedule. */
final class OptimizerKinds {
  private OptimizerKinds() {}

  static Map<String, Tensor> adamW(Replay r) {
    List<Group> groups = groups(r);
    AdamW optimizer = new AdamW(settings(r.config()), groups);
    LearningRateSchedule schedule =
        r.config().has("scheduler") ? schedule(r.config()) : LearningRateSchedule.constant();
    int steps = r.config().integer("steps");
    Map<String, List<Tensor>> after = new LinkedHashMap<>();
    List<Tensor> rates = new ArrayList<>();
    for (int k = 0; k < steps; k++) {
      double multiplier = schedule.multiplier(k);
      Map<String, Tensor> gradients = new LinkedHashMap<>();
      for (Group group : groups) {
        rates.add(number(r, optimizer.learningRate(group, multiplier)));
        String name = group.parameters().firstEntry().getKey();
        gradients.put(name, row(r.input(name + "_grads"), k));
      }
      optimizer.step(gradients, multiplier);
      for (Group group : groups) {
        group
            .parameters()
            .forEach((name, p) -> after.computeIfAbsent(name, _ -> new ArrayList<>()).add(copy(p)));
      }
    }
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    after.forEach((name, values) -> outputs.put(name, stack(values)));
    Map<String, Tensor> state = optimizer.state();
    for (String moment : List.of("exp_avg", "exp_avg_sq")) {
      for (String name : after.keySet()) {
        outputs.put(name + "_" + moment, Objects.requireNonNull(state.get(moment + "." + name)));
      }
    }
    outputs.put("lr", stack(rates).reshape(steps, groups.size()));
    return outputs;
  }

  /** Each group holds one parameter, of the group's name. */
  private static List<Group> groups(Replay r) {
    List<Group> groups = new ArrayList<>();
    for (ReplayConfig group : r.config().objects("groups")) {
      LinkedHashMap<String, Tensor> parameters = new LinkedHashMap<>();
      // a copy, for the optimizer changes it in place
      parameters.put(group.text("name"), copy(r.input(group.text("name"))));
      groups.add(new Group(parameters, group.number("lr_factor")));
    }
    return groups;
  }

  private static Settings settings(ReplayConfig config) {
    List<Double> betas = config.numbers("betas");
    return new Settings(
        config.number("lr"),
        betas.get(0),
        betas.get(1),
        config.number("eps"),
        config.number("weight_decay"));
  }

  static Map<String, Tensor> ema(Replay r) {
    Tensor p = copy(r.input("initial"));
    double decay = r.config().number("decay");
    Ema ema = new Ema(decay, r.config().flag("use_num_updates"), Map.of("p", p));
    List<Tensor> after = new ArrayList<>();
    for (int n = 0; n < r.config().integer("updates"); n++) {
      r.backend().upload(row(r.input("params"), n).toFloats(), p.buffer());
      ema.update();
      ema.shadows().values().forEach(shadow -> after.add(copy(shadow)));
    }
    return Map.of("shadow", stack(after));
  }

  static Map<String, Tensor> lrSchedule(Replay r) {
    LearningRateSchedule schedule = schedule(r.config());
    double[] multipliers =
        Arrays.stream(r.longs("step")).mapToDouble(schedule::multiplier).toArray();
    Shape shape = Shape.of(multipliers.length);
    return Map.of("multiplier", Tensor.of(r.backend(), DType.FLOAT64, shape, multipliers));
  }

  private static LearningRateSchedule schedule(ReplayConfig config) {
    ReplayConfig scheduler = config.object("scheduler");
    List<Double> lengths = scheduler.numbers("cycle_lengths");
    List<Cycle> cycles = new ArrayList<>();
    for (int i = 0; i < lengths.size(); i++) {
      cycles.add(
          new Cycle(
              scheduler.numbers("warm_up_steps").get(i).longValue(),
              lengths.get(i).longValue(),
              scheduler.numbers("f_start").get(i),
              scheduler.numbers("f_max").get(i),
              scheduler.numbers("f_min").get(i)));
    }
    return new LambdaLinear(cycles);
  }

  private static Tensor number(Replay r, double value) {
    return Tensor.full(r.backend(), DType.FLOAT64, Shape.of(), value);
  }

  private static Tensor copy(Tensor x) {
    return Tensor.of(x.backend(), x.shape(), x.toFloats());
  }

  /** Row k of [K, ...] without the first axis. */
  private static Tensor row(Tensor x, int k) {
    int[] dims = x.shape().toArray();
    return x.slice(0, k, k + 1).reshape(Arrays.copyOfRange(dims, 1, dims.length));
  }

  /** K tensors of one shape as [K, ...]. */
  private static Tensor stack(List<Tensor> parts) {
    int[] dims = parts.getFirst().shape().toArray();
    int[] one = new int[dims.length + 1];
    one[0] = 1;
    System.arraycopy(dims, 0, one, 1, dims.length);
    return Tensor.concat(0, parts.stream().map(part -> part.reshape(one)).toArray(Tensor[]::new));
  }
}
