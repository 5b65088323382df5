package dev.azimuth.metrics;

import dev.azimuth.nn.Conv2d;
import dev.azimuth.nn.Conv2d.Window;
import dev.azimuth.nn.Module;
import dev.azimuth.nn.Parameters;
import dev.azimuth.nn.Sequential;
import dev.azimuth.tensor.Conv2dGeometry.Padding;
import dev.azimuth.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The classifiers whose features {@link Lpips} compares, cut where their features are taken
 * (torchvision's {@code features}, whose numbering the parameters keep; reference {@code
 * pretrained_networks.py}).
 */
public enum LpipsBackbone {
  /** AlexNet (Krizhevsky et al. 2012). */
  ALEX {
    @Override
    List<Slice> slices(Parameters p) {
      Module pool = x -> x.maxPool2d(3, 2, 0);
      return List.of(
          new Slice(64, relu(p.at("slice1").at(0), 3, 64, new Window(11, 4, Padding.of(2)))),
          new Slice(
              192,
              Sequential.of(
                  pool, relu(p.at("slice2").at(3), 64, 192, new Window(5, 1, Padding.of(2))))),
          new Slice(384, Sequential.of(pool, relu(p.at("slice3").at(6), 192, 384, Window.THREE))),
          new Slice(256, relu(p.at("slice4").at(8), 384, 256, Window.THREE)),
          new Slice(256, relu(p.at("slice5").at(10), 256, 256, Window.THREE)));
    }
  },

  /** VGG-16 (Simonyan and Zisserman 2015). */
  VGG {
    @Override
    List<Slice> slices(Parameters p) {
      int[][] numbers = {{0, 2}, {5, 7}, {10, 12, 14}, {17, 19, 21}, {24, 26, 28}};
      int[] widths = {64, 128, 256, 512, 512};
      List<Slice> slices = new ArrayList<>();
      int in = 3;
      for (int i = 0; i < widths.length; i++) {
        List<Module> modules = new ArrayList<>();
        if (i > 0) {
          modules.add(x -> x.maxPool2d(2, 2, 0));
        }
        for (int number : numbers[i]) {
          Parameters layer = p.at("slice" + (i + 1)).at(number);
          modules.add(relu(layer, in, widths[i], Window.THREE));
          in = widths[i];
        }
        slices.add(new Slice(in, Sequential.of(modules.toArray(Module[]::new))));
      }
      return slices;
    }
  },

  /** SqueezeNet 1.1 (Iandola et al. 2016). */
  SQUEEZE {
    @Override
    List<Slice> slices(Parameters p) {
      Module pool = LpipsBackbone::ceilingPool;
      return List.of(
          new Slice(64, relu(p.at("slice1").at(0), 3, 64, new Window(3, 2, Padding.of(0)))),
          new Slice(
              128,
              Sequential.of(
                  pool,
                  fire(p.at("slice2").at(3), 64, 16, 64),
                  fire(p.at("slice2").at(4), 128, 16, 64))),
          new Slice(
              256,
              Sequential.of(
                  pool,
                  fire(p.at("slice3").at(6), 128, 32, 128),
                  fire(p.at("slice3").at(7), 256, 32, 128))),
          new Slice(384, Sequential.of(pool, fire(p.at("slice4").at(9), 256, 48, 192))),
          new Slice(384, fire(p.at("slice5").at(10), 384, 48, 192)),
          new Slice(512, fire(p.at("slice6").at(11), 384, 64, 256)),
          new Slice(512, fire(p.at("slice7").at(12), 512, 64, 256)));
    }
  };

  /** As publications call it: {@code AlexNet}. */
  @Override
  public String toString() {
    return switch (this) {
      case ALEX -> "AlexNet";
      case VGG -> "VGG-16";
      case SQUEEZE -> "SqueezeNet 1.1";
    };
  }

  /** From the features before, or the picture, to features of so many channels. */
  record Slice(int channels, Module body) {
    Tensor forward(Tensor x) {
      return body.forward(x);
    }
  }

  abstract List<Slice> slices(Parameters p);

  private static Module relu(Parameters p, int in, int out, Window window) {
    Conv2d convolution = Conv2d.of(p, in, out, window);
    return x -> convolution.forward(x).clamp(0, Double.POSITIVE_INFINITY);
  }

  /** Two convolutions of different sizes side by side behind a narrow one. */
  private static Module fire(Parameters p, int in, int narrow, int each) {
    Module squeeze = relu(p.at("squeeze"), in, narrow, Window.ONE);
    Module one = relu(p.at("expand1x1"), narrow, each, Window.ONE);
    Module three = relu(p.at("expand3x3"), narrow, each, Window.THREE);
    return x -> {
      Tensor q = squeeze.forward(x);
      return Tensor.concat(3, one.forward(q), three.forward(q));
    };
  }

  /** 3×3, step 2, with a last window that may stick out: features are never below zero's. */
  private static Tensor ceilingPool(Tensor x) {
    int rows = missing(x.shape().dim(1));
    int columns = missing(x.shape().dim(2));
    return x.pad(List.of(0, 0, 0, 0), List.of(0, rows, columns, 0), 0).maxPool2d(3, 2, 0);
  }

  private static int missing(int size) {
    return Math.floorMod(size - 3, 2);
  }
}
