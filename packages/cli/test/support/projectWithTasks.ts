import { generateTasks } from "@metalearn/datasets-crossfit";
import { emptyProject, type Project, tinyRun } from "@metalearn/test-support/project";

/** A folder with a config and generated tasks: two targets, and one of a domain of its own. */
export async function projectWithTasks(config: unknown = tinyRun): Promise<Project> {
  const project = await emptyProject(config);
  await generateTasks(project.path("data"), {
    trainingTasks: 6,
    heldOutTasks: 2,
    unseenTasks: 1,
    rows: 6,
    shots: 4,
    testRows: 6,
    evaluationSeeds: [100, 13],
  });
  return project;
}
