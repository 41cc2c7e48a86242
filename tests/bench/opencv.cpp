/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All results go into memory that is there already, as a careful user of OpenCV would have it. */
#include "opencv.h"

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>

#include <string.h>
#include <vector>

struct OpencvWork {
  void (*run) (OpencvWork *, const cv::Mat &);
  std::vector<cv::Mat> frames;
  cv::Mat sum, squares, low, high; /* statistics */
  cv::Mat mean, inverse, out;      /* normalization */
  cv::Scalar channel_mean, channel_std;
};

static void
add_statistics (OpencvWork *work, const cv::Mat &frame)
{
  cv::accumulate (frame, work->sum);
  cv::accumulateSquare (frame, work->squares);
  cv::min (frame, work->low, work->low);
  cv::max (frame, work->high, work->high);
}

/* Less than we do: no minimum and maximum, nothing kept from frame to frame. */
static void
mean_std_dev (OpencvWork *work, const cv::Mat &frame)
{
  cv::meanStdDev (frame, work->channel_mean, work->channel_std);
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
  { "meanStdDev", mean_std_dev },
  { "convertTo, subtract, multiply", normalize_pixels },
  { "convertTo", convert_to },
  { "blobFromImage", blob_from_image },
};

const char *
opencv_version (void)
{
  return CV_VERSION;
}

OpencvWork *
opencv_work_new (const char *name, guint width, guint height, guint8 *const *frames, guint n_frames)
{
  const cv::Size size (width, height);

  for (const auto &known : works) {
    if (strcmp (known.name, name) != 0)
      continue;
    OpencvWork *work = new OpencvWork;
    cv::setNumThreads (1);
    work->run = known.run;
    for (guint k = 0; k < n_frames; k++)
      work->frames.push_back (cv::Mat (size, CV_8UC3, frames[k]));
    work->sum = cv::Mat::zeros (size, CV_32FC3);
    work->squares = cv::Mat::zeros (size, CV_32FC3);
    work->low = work->frames[0].clone ();
    work->high = work->frames[0].clone ();
    work->mean = cv::Mat (size, CV_32FC3, cv::Scalar::all (100.5));
    work->inverse = cv::Mat (size, CV_32FC3, cv::Scalar::all (0.02));
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

  work->run (work, work->frames[i % work->frames.size ()]);
}
