/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All results go into memory that is there already, as a careful user of OpenCV would have it. */
#include "opencv.h"

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>

#include <string.h>
#include <vector>

enum { NONE = -1 };

struct OpencvWork {
  void (*run) (OpencvWork *, const cv::Mat &);
  std::vector<cv::Mat> frames;
  int conversion; /* to RGB, before the work; or NONE */
  cv::Mat rgb;
  cv::Mat sum, squares, low, high; /* statistics */
  cv::Mat mean, inverse, out;      /* normalization */
  cv::Scalar channel_mean, channel_std;
  cv::Mat row_low, row_high, channel_low, channel_high;
};

static void
add_statistics (OpencvWork *work, const cv::Mat &frame)
{
  cv::accumulate (frame, work->sum);
  cv::accumulateSquare (frame, work->squares);
  cv::min (frame, work->low, work->low);
  cv::max (frame, work->high, work->high);
}

/* Less than we do: nothing kept from frame to frame. Minimum and maximum row by row, since cv::reduce takes ten times as long. */
static void
channel_statistics (OpencvWork *work, const cv::Mat &frame)
{
  cv::meanStdDev (frame, work->channel_mean, work->channel_std);
  frame.row (0).copyTo (work->row_low);
  frame.row (0).copyTo (work->row_high);
  for (int y = 1; y < frame.rows; y++) {
    const cv::Mat row = frame.row (y);

    cv::min (row, work->row_low, work->row_low);
    cv::max (row, work->row_high, work->row_high);
  }
  cv::reduce (work->row_low, work->channel_low, 1, cv::REDUCE_MIN);
  cv::reduce (work->row_high, work->channel_high, 1, cv::REDUCE_MAX);
}

static void
normalize_pixels (OpencvWork *work, const cv::Mat &frame)
{
  frame.convertTo (work->out, CV_32F);
  cv::subtract (work->out, work->mean, work->out);
  cv::multiply (work->out, work->inverse, work->out);
}

/* One scale for all channels: less than we do. */
static void
convert_to (OpencvWork *work, const cv::Mat &frame)
{
  frame.convertTo (work->out, CV_32F, 1 / 58.4, -116.3 / 58.4);
}

static void
blob_from_image (OpencvWork *work, const cv::Mat &frame)
{
  cv::dnn::blobFromImage (
      frame, work->out, 1 / 58.4, cv::Size (), cv::Scalar (123.7, 116.3, 103.5), false, false);
}

static const struct {
  const char *name;
  void (*run) (OpencvWork *, const cv::Mat &);
} works[] = {
  { "statistics", add_statistics },
  { "meanStdDev, min, max", channel_statistics },
  { "convertTo, subtract, multiply", normalize_pixels },
  { "convertTo", convert_to },
  { "blobFromImage", blob_from_image },
};

/* What cvtColor takes: type, rows a row of pixels, in halves. */
static const struct {
  const char *name;
  int type, half_rows, conversion;
} formats[] = {
  { "RGB", CV_8UC3, 2, NONE },
  { "NV12", CV_8UC1, 3, cv::COLOR_YUV2RGB_NV12 },
  { "I420", CV_8UC1, 3, cv::COLOR_YUV2RGB_I420 },
  { "YUY2", CV_8UC2, 2, cv::COLOR_YUV2RGB_YUY2 },
};

const char *
opencv_version (void)
{
  return CV_VERSION;
}

static const cv::Mat &
get_rgb (OpencvWork *work, const cv::Mat &frame)
{
  if (work->conversion == NONE)
    return frame;
  cv::cvtColor (frame, work->rgb, work->conversion);
  return work->rgb;
}

static void
allocate_results (OpencvWork *work, const cv::Size &size)
{
  work->sum = cv::Mat::zeros (size, CV_32FC3);
  work->squares = cv::Mat::zeros (size, CV_32FC3);
  work->low = get_rgb (work, work->frames[0]).clone ();
  work->high = work->low.clone ();
  work->mean = cv::Mat (size, CV_32FC3, cv::Scalar::all (100.5));
  work->inverse = cv::Mat (size, CV_32FC3, cv::Scalar::all (0.02));
}

OpencvWork *
opencv_work_new (const char *name, const char *format, guint width, guint height,
    guint8 *const *frames, guint n_frames)
{
  for (const auto &known : works)
    for (const auto &taken : formats) {
      if (strcmp (known.name, name) != 0 || strcmp (taken.name, format) != 0)
        continue;
      OpencvWork *work = new OpencvWork;
      cv::setNumThreads (1);
      work->run = known.run;
      work->conversion = taken.conversion;
      for (guint k = 0; k < n_frames; k++)
        work->frames.push_back (
            cv::Mat (height * taken.half_rows / 2, width, taken.type, frames[k]));
      allocate_results (work, cv::Size (width, height));
      return work;
    }
  return NULL;
}

void
opencv_work_free (OpencvWork *work)
{
  delete work;
}

void
opencv_work_run (gpointer data, guint i)
{
  OpencvWork *work = static_cast<OpencvWork *> (data);

  work->run (work, get_rgb (work, work->frames[i % work->frames.size ()]));
}
