import { type DataSupport, defineDataCommand } from "@metalearn/core";
import { addTask, addTaskOptions } from "./add/addTask.js";
import { downloadTasks, downloadTasksOptions } from "./download/downloadTasks.js";

/** Commands for data in MetaICL's layout. */
export const dataCommands: DataSupport = {
  add: defineDataCommand({
    description:
      "make a task of your own data: CSV, TSV, JSON, JSON lines, Parquet, or a folder of splits",
    argument: { name: "source", description: "a file, or a folder with train.* and test.*" },
    options: addTaskOptions,
    flags: { unseenDomain: "unseen", labels: "label" },
    async run(source, options, { notify }) {
      const added = await addTask({ source, ...options });
      const { folder, trainRows, testRows, columns, type, labels, remarks } = added;
      for (const remark of remarks) notify(remark);
      return [
        `${folder}: ${trainRows} rows to train on or show, ${testRows} to test on`,
        `input: ${columns.input.join(" [SEP] ")}; output: ${columns.output}`,
        `${type}${labels.length > 0 ? `: ${labels.join(", ")}` : ""}`,
        `Next: tasks: { use: crossfit, root: ${options.root}, setting: ${options.setting} }`,
      ];
    },
  }),
  download: defineDataCommand({
    description:
      "download the files of a setting's tasks: MetaICL's, or another data set's on the hub",
    argument: { name: "setting", description: "such as hr_to_lr" },
    options: downloadTasksOptions,
    async run(setting, options, context) {
      const { files, missing } = await downloadTasks({ setting, ...options, ...context });
      return [
        `${files} files of ${setting} are in ${options.root}.`,
        ...(missing.length > 0 ? [`Not in the data set: ${missing.join(", ")}`] : []),
      ];
    },
  }),
};
