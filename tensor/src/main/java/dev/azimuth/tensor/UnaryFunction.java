package dev.azimuth.tensor;

/**
 * Element-wise functions of one variable, each with its derivative: the table that every backend
 * follows. {@code derivative} may use both x and y = f(x).
 */
public enum UnaryFunction {
  NEGATE {
    @Override
    public double value(double x) {
      return -x;
    }

    @Override
    public double derivative(double x, double y) {
      return -1;
    }
  },
  ABS {
    @Override
    public double value(double x) {
      return Math.abs(x);
    }

    @Override
    public double derivative(double x, double y) {
      return Math.signum(x);
    }
  },
  SQUARE {
    @Override
    public double value(double x) {
      return x * x;
    }

    @Override
    public double derivative(double x, double y) {
      return 2 * x;
    }
  },
  RECIPROCAL {
    @Override
    public double value(double x) {
      return 1 / x;
    }

    @Override
    public double derivative(double x, double y) {
      return -y * y;
    }
  },
  EXP {
    @Override
    public double value(double x) {
      return Math.exp(x);
    }

    @Override
    public double derivative(double x, double y) {
      return y;
    }
  },
  LOG {
    @Override
    public double value(double x) {
      return Math.log(x);
    }

    @Override
    public double derivative(double x, double y) {
      return 1 / x;
    }
  },
  SQRT {
    @Override
    public double value(double x) {
      return Math.sqrt(x);
    }

    @Override
    public double derivative(double x, double y) {
      return 0.5 / y;
    }
  },
  SIN {
    @Override
    public double value(double x) {
      return Math.sin(x);
    }

    @Override
    public double derivative(double x, double y) {
      return Math.cos(x);
    }
  },
  COS {
    @Override
    public double value(double x) {
      return Math.cos(x);
    }

    @Override
    public double derivative(double x, double y) {
      return -Math.sin(x);
    }
  },
  TANH {
    @Override
    public double value(double x) {
      return Math.tanh(x);
    }

    @Override
    public double derivative(double x, double y) {
      return 1 - y * y;
    }
  },
  SIGMOID {
    @Override
    public double value(double x) {
      return sigmoid(x);
    }

    @Override
    public double derivative(double x, double y) {
      return y * (1 - y);
    }
  },
  /** x·σ(x), Elfwing et al. 2018. */
  SILU {
    @Override
    public double value(double x) {
      return x * sigmoid(x);
    }

    @Override
    public double derivative(double x, double y) {
      double s = sigmoid(x);
      return s * (1 + x * (1 - s));
    }
  },
  /** x·Φ(x) with the exact normal distribution function, Hendrycks and Gimpel 2016. */
  GELU {
    @Override
    public double value(double x) {
      return x * ErrorFunction.normalCdf(x);
    }

    @Override
    public double derivative(double x, double y) {
      return ErrorFunction.normalCdf(x) + x * ErrorFunction.normalPdf(x);
    }
  },
  /** x·σ(1.702 x), as OpenAI's CLIP uses it. */
  QUICK_GELU {
    @Override
    public double value(double x) {
      return x * sigmoid(1.702 * x);
    }

    @Override
    public double derivative(double x, double y) {
      double s = sigmoid(1.702 * x);
      return s * (1 + 1.702 * x * (1 - s));
    }
  },
  /** ln(1 + eˣ). */
  SOFTPLUS {
    @Override
    public double value(double x) {
      return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }

    @Override
    public double derivative(double x, double y) {
      return sigmoid(x);
    }
  };

  /** f(x). */
  public abstract double value(double x);

  /** f'(x), given y = f(x). */
  public abstract double derivative(double x, double y);

  private static double sigmoid(double x) {
    // the exponent stays negative so that it cannot overflow
    double e = Math.exp(-Math.abs(x));
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
  }
}
