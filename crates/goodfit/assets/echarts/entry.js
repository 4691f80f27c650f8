// What of ECharts the reports use; `npm install && npm run build` makes echarts.min.js from it.
export { init } from 'echarts/core';
import { use } from 'echarts/core';
import { BarChart, CustomChart, LineChart, ParallelChart, ScatterChart } from 'echarts/charts';
import {
  AriaComponent, AxisPointerComponent, DataZoomComponent, GridComponent, ToolboxComponent, TooltipComponent,
} from 'echarts/components';
import { CanvasRenderer } from 'echarts/renderers';

use([
  BarChart, CustomChart, LineChart, ParallelChart, ScatterChart, AriaComponent, AxisPointerComponent, DataZoomComponent,
  GridComponent, ToolboxComponent, TooltipComponent, CanvasRenderer,
]);
